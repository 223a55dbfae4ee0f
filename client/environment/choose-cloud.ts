import { Failure } from '../../domain/failure';
import type { SettingOrigin } from '../../settings/setting-source';

export type Cloud = 'local' | 'aws';

export interface CloudClaims {
  /** From --cloud, the environment or a file, with the place that says so. */
  readonly configured: {
    readonly cloud: Cloud;
    readonly origin: SettingOrigin;
    readonly place: string;
  } | null;
  /** What a running `runctl up` has. */
  readonly up: { readonly cloud: Cloud; readonly folder: string } | null;
}

export interface ChosenCloud {
  readonly cloud: Cloud;
  /** Who said so, for people. */
  readonly place: string;
}

/**
 * Says which cloud is meant. It is never a guess: a flag or the environment decides; a settings file and a running
 * `runctl up` that disagree are a question to the user, since one of them costs money.
 *
 * @throws cloud-not-chosen
 */
export function chooseCloud({ configured, up }: CloudClaims): ChosenCloud {
  if (configured !== null && configured.origin !== 'file') return configured;
  if (configured !== null && up !== null && configured.cloud !== up.cloud) {
    throw new Failure('cloud-not-chosen', 'two clouds are meant.', {
      why: `${configured.place} says ${configured.cloud}, but \`runctl up\` in ${up.folder} runs with ${up.cloud}.`,
      next: 'Say which: --cloud local or --cloud aws.',
    });
  }
  if (configured !== null) return configured;
  if (up !== null) return { cloud: up.cloud, place: `runctl up in ${up.folder}` };
  throw new Failure('cloud-not-chosen', 'nothing says which cloud to use.', {
    why: 'There is no --cloud, no `cloud` in the settings, and no `runctl up` runs here.',
    next: 'Run `runctl up` for the local cloud, or say --cloud aws.',
  });
}
