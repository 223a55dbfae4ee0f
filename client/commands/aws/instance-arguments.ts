import { specPatterns } from '../../../domain/run-spec-rules';
import { isInstanceId } from '../../runs/run-id';
import { ArgumentProblems } from '../parse-options';

/** @throws invalid-input */
export function requireInstanceId(text: string): void {
  const problems = new ArgumentProblems();
  if (!isInstanceId(text)) {
    problems.add('INSTANCE_ID', specPatterns.instanceId.expectation, text);
  }
  problems.throwIfAny();
}

export function checkInstanceType(problems: ArgumentProblems, text: string): void {
  const { pattern, expectation } = specPatterns.instanceType;
  if (!new RegExp(pattern, 'u').test(text)) problems.add('INSTANCE_TYPE', expectation, text);
}

/** EC2's rule for the value of a tag, less what would have to be quoted in a shell. */
export function checkInstanceName(problems: ArgumentProblems, text: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._:/=+@-]{0,254}$/.test(text)) return;
  problems.add(
    '--name',
    'at most 255 letters, digits and . _ : / = + @ -, the first one a letter or a digit',
    text,
  );
}
