import { Failure } from '../../domain/failure';

/**
 * Collects what is wrong with a command's arguments, so that all problems are told at once.
 */
export class ArgumentProblems {
  private readonly problems: string[] = [];

  /** `place expectation, got value`. */
  add(place: string, expectation: string, value: unknown): void {
    this.problems.push(`${place}: expected ${expectation}, got ${JSON.stringify(value)}`);
  }

  /** A problem that has no value. */
  addSentence(sentence: string): void {
    this.problems.push(sentence);
  }

  /** A number within bounds, or the fallback when the option was not given. */
  number<Fallback>(
    place: string,
    text: string | undefined,
    bounds: { readonly min: number; readonly max?: number; readonly isWhole?: boolean },
    fallback: Fallback,
  ): number | Fallback {
    if (text === undefined) return fallback;
    const value = Number(text);
    const isInside = value >= bounds.min && value <= (bounds.max ?? Number.MAX_SAFE_INTEGER);
    const isKind = bounds.isWhole === false ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (text.trim() !== '' && isInside && isKind) return value;
    const kind = bounds.isWhole === false ? 'a number' : 'a whole number';
    const range =
      bounds.max === undefined
        ? `of at least ${bounds.min}`
        : `from ${bounds.min} to ${bounds.max}`;
    this.add(place, `${kind} ${range}`, text);
    return fallback;
  }

  /** @throws invalid-input  Names every problem that was added. */
  throwIfAny(): void {
    if (this.problems.length === 0) return;
    throw new Failure('invalid-input', this.problems.join('\n'));
  }
}
