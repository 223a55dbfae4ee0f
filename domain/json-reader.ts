/**
 * Reads unknown JSON and collects every problem instead of stopping at the first. Each reader returns a placeholder
 * where the value is wrong, so the result counts only when `problems` is empty.
 */
export class JsonReader {
  /** `budgets.maxErrors: expected a whole number from 0 to 1000, got "ten"` */
  readonly problems: string[] = [];

  /** An object with no other fields than those named. */
  object(path: string, value: unknown, fields: readonly string[]): Record<string, unknown> {
    if (!isObject(value)) {
      this.report(path, 'an object', value);
      return {};
    }
    for (const field of Object.keys(value)) {
      if (!fields.includes(field)) {
        this.problems.push(`${join(path, field)}: unknown field; known are ${fields.join(', ')}`);
      }
    }
    return value;
  }

  text(path: string, value: unknown, rule: TextRule): string {
    if (typeof value === 'string' && new RegExp(rule.pattern, 'u').test(value)) return value;
    this.report(path, rule.expectation, value);
    return '';
  }

  texts(path: string, value: unknown, rule: TextRule & Bounds): string[] {
    if (!Array.isArray(value) || value.length < rule.min || value.length > rule.max) {
      this.report(path, `a list of ${rule.min} to ${rule.max} texts`, value);
      return [];
    }
    return value.map((item: unknown, index) => this.text(`${path}[${index}]`, item, rule));
  }

  wholeNumber(path: string, value: unknown, bounds: Bounds): number {
    const isGood =
      Number.isInteger(value) && Number(value) >= bounds.min && Number(value) <= bounds.max;
    if (isGood) return Number(value);
    this.report(path, `a whole number from ${bounds.min} to ${bounds.max}`, value);
    return bounds.min;
  }

  number(path: string, value: unknown, bounds: Bounds): number {
    if (typeof value === 'number' && value >= bounds.min && value <= bounds.max) return value;
    this.report(path, `a number from ${bounds.min} to ${bounds.max}`, value);
    return bounds.min;
  }

  choice<const Options extends readonly [string, ...string[]]>(
    path: string,
    value: unknown,
    options: Options,
  ): Options[number] {
    const found = options.find((option) => option === value);
    if (found !== undefined) return found;
    this.report(path, options.map((option) => `"${option}"`).join(' or '), value);
    return options[0];
  }

  flag(path: string, value: unknown): boolean {
    if (typeof value === 'boolean') return value;
    this.report(path, 'true or false', value);
    return false;
  }

  report(path: string, expectation: string, value: unknown): void {
    this.problems.push(`${path || 'the input'}: expected ${expectation}, got ${show(value)}`);
  }
}

export interface TextRule {
  readonly pattern: string;
  /** What a right value is, for people. */
  readonly expectation: string;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A JSON object, as opposed to null, a list or a scalar. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const join = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value) as string | undefined; // undefined for functions and symbols
  if (json === undefined) return typeof value;
  return json.length <= 60 ? json : `${json.slice(0, 59)}…`;
}
