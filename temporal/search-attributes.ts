import type { OperatorService } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { Failure } from '../domain/failure';
import { searchAttributes } from '../workflows/search-attributes';
import { untilKnown } from './until-known';

const { IndexedValueType } = temporal.api.enums.v1;

const serverTypes: Partial<Record<SearchAttributeType, { name: string; value: number }>> = {
  [SearchAttributeType.KEYWORD]: {
    name: 'Keyword',
    value: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  },
  [SearchAttributeType.INT]: { name: 'Int', value: IndexedValueType.INDEXED_VALUE_TYPE_INT },
};

const wanted = Object.values(searchAttributes).map(({ name, type }) => {
  const serverType = serverTypes[type];
  if (serverType === undefined) throw new Error(`No server type for search attribute ${name}.`);
  return { name, serverType };
});

/** Arguments of `temporal server start-dev` and `temporal operator search-attribute create`: `RunctlPhase=Keyword` … */
export const searchAttributeArguments = wanted.map(
  ({ name, serverType }) => `${name}=${serverType.name}`,
);

/**
 * Adds the search attributes that the namespace lacks and returns once the server knows them; without them a workflow
 * task that sets one fails. Idempotent.
 *
 * @throws not-authorized  The server does not let us add them (Temporal Cloud: add them there).
 */
export async function registerSearchAttributes(
  operatorService: OperatorService,
  namespace: string,
): Promise<void> {
  const missing = await findMissing(operatorService, namespace);
  if (missing.length === 0) return;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        missing.map(({ name, serverType }) => [name, serverType.value]),
      ),
    });
  } catch (error) {
    // Somebody else may have added them in the same moment, and the server then refuses ours.
    if ((await findMissing(operatorService, namespace)).length > 0) throw refused(missing, error);
  }
  await untilKnown(async () => (await findMissing(operatorService, namespace)).length === 0);
}

type Wanted = (typeof wanted)[number];

async function findMissing(operatorService: OperatorService, namespace: string): Promise<Wanted[]> {
  const reply = await operatorService.listSearchAttributes({ namespace });
  const present = { ...reply.customAttributes, ...reply.systemAttributes };
  return wanted.filter(({ name }) => !Object.hasOwn(present, name));
}

function refused(missing: readonly Wanted[], cause: unknown): Failure {
  const names = missing.map(({ name, serverType }) => `${name} (${serverType.name})`).join(', ');
  return new Failure('not-authorized', `the search attributes ${names} are missing.`, {
    why: `The Temporal server did not let runctl add them: ${cause instanceof Error ? cause.message : String(cause)}`,
    next: `Add them to the namespace: \`temporal operator search-attribute create --name NAME --type TYPE\`, or in Temporal Cloud's settings of the namespace.`,
    cause,
  });
}
