import { isFailureCode, type FailureCode } from './failure';

/** What the supervisor's words for a start that did not succeed are in ours, where the two differ. */
const translations: Readonly<Record<string, FailureCode>> = {
  'code-mismatch': 'code-missing',
  'code-unreadable': 'code-not-sendable',
  'path-outside': 'code-not-sendable',
  'script-missing': 'script-unusable',
  'storage-denied': 'not-authorized',
  'storage-refused': 'storage-unreachable',
};

/** The failure that people are told, so that they find its advice. Total: what nobody knows is `unexpected`. */
export function failureOfPreparation(code: string): FailureCode {
  const translated = translations[code] ?? code;
  return isFailureCode(translated) ? translated : 'unexpected';
}
