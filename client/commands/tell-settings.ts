import type { Console } from '../output/console';

/** Says what the settings files hold that does not count: on stderr, since it is no error. */
export function tellSettings(
  console: Console,
  { warnings, notes }: { readonly warnings: readonly string[]; readonly notes: readonly string[] },
): void {
  for (const warning of warnings) console.say(`warning: ${warning}`);
  for (const note of notes) console.say(`note: ${note}`);
}
