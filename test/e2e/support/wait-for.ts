const pollMs = 200;
/** How long a test waits for anything. */
export const patienceMs = 120_000;

/** Thrown by a question that will never have an answer. */
export class GivenUp extends Error {}

/** Asks again and again until there is an answer; the name says what never came. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + patienceMs;
  let last: unknown;
  while (Date.now() < deadlineMs) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (error instanceof GivenUp) throw error;
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`waited ${patienceMs / 1000} s in vain for ${what}`, { cause: last });
}
