import { NormalizedSchema } from '@smithy/core/schema';

/** One operation of a service, as the SDK's own schemas describe it. */
export interface OperationShape {
  readonly name: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
}

/**
 * Looks an operation up among the exports of an AWS SDK client package, which publishes its schemas as `RunInstances$`.
 * The exports are semi-internal: the SDK's version is pinned, and the tests drive every operation with the real clients.
 */
export function findOperation(sdk: object, name: string): OperationShape | undefined {
  if (!/^[A-Za-z]+$/.test(name)) return undefined;
  const schema: unknown = Reflect.get(sdk, `${name}$`);
  // An operation is [9, namespace, name, traits, input, output]; 3 would be a structure.
  if (!Array.isArray(schema) || schema[0] !== 9) return undefined;
  return {
    name,
    input: NormalizedSchema.of(schema[4] as SchemaReference),
    output: NormalizedSchema.of(schema[5] as SchemaReference),
  };
}

type SchemaReference = Parameters<typeof NormalizedSchema.of>[0];

/** The members that a request must have: a structure's schema lists them first, and says how many they are. */
export function requiredMembers(structure: NormalizedSchema): readonly string[] {
  const schema: unknown = structure.getSchema();
  if (!Array.isArray(schema)) return [];
  const count: unknown = schema[6];
  const names: unknown = schema[4];
  if (typeof count !== 'number' || !Array.isArray(names)) return [];
  return names.slice(0, count).map(String);
}
