import { JsonShapeDeserializer2, JsonShapeSerializer2 } from '@smithy/core/protocols';
import type { NormalizedSchema } from '@smithy/core/schema';
import { AwsError } from './aws-error';
import { requiredMembers } from './operations';

type JsonSettings = ConstructorParameters<typeof JsonShapeSerializer2>[0];
type JsonDocument = Parameters<JsonShapeDeserializer2['readObject']>[1];

// Timestamps are epoch seconds: 7 is the schemas' sentinel for that format.
const SETTINGS: JsonSettings = {
  jsonName: false,
  timestampFormat: { useTrait: true, default: 7 },
};

/**
 * Reads the body of a JSON 1.1 request into the operation's input.
 *
 * @throws AwsError SerializationException, ValidationException.
 */
export function readAwsJson(body: Buffer, input: NormalizedSchema): object {
  const value = parse(body);
  if (!input.isStructSchema()) return {};
  const missing = requiredMembers(input).filter((name) => !(name in value) || value[name] === null);
  if (missing.length > 0) {
    const problems = missing.map(
      (name) =>
        `Value null at '${name.charAt(0).toLowerCase()}${name.slice(1)}' failed to satisfy constraint: ` +
        `Member must not be null`,
    );
    throw new AwsError(
      'ValidationException',
      `${problems.length} validation error${problems.length > 1 ? 's' : ''} detected: ${problems.join('; ')}`,
    );
  }
  const read: unknown = new JsonShapeDeserializer2(SETTINGS).readObject(input, value);
  return typeof read === 'object' && read !== null ? read : {};
}

function parse(body: Buffer): Record<string, JsonDocument> {
  let value: JsonDocument = null;
  try {
    // What JSON.parse returns is a JSON document by definition.
    value = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8')) as JsonDocument;
  } catch {
    // Answered below, as for any other body that is no object.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AwsError('SerializationException', 'The request body is not a JSON object.');
  }
  return value;
}

/** Writes an operation's output as a JSON 1.1 body. */
export function writeAwsJson(output: object, schema: NormalizedSchema): string {
  if (!schema.isStructSchema()) return '{}';
  const serializer = new JsonShapeSerializer2(SETTINGS);
  serializer.write(schema, output);
  return new TextDecoder().decode(serializer.flush());
}

/** Writes an error as JSON 1.1 services do. */
export function writeAwsJsonError(error: AwsError): string {
  return JSON.stringify({ __type: error.code, message: error.message });
}
