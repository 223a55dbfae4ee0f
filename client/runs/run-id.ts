export const isInstanceId = (id: string): boolean => /^i-[0-9a-f]{8,17}$/.test(id);

/** `run/a` and `run/a/attempt` are both of run `a`. */
export function runIdOf(id: string): string {
  return id.replace(/^run\//, '').replace(/\/attempt$/, '');
}
