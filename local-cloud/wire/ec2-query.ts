import type { NormalizedSchema } from '@smithy/core/schema';
import { AwsError } from './aws-error';
import { requiredMembers } from './operations';
import { escapeXml } from './xml';

/** A form's parameters by their dotted names: `A.1.B=x` is `{A: {1: {B: 'x'}}}`. */
interface FormTree {
  value?: string;
  readonly children: Map<string, FormTree>;
}

// Deeper than any member of EC2's model.
const DEPTH_LIMIT = 24;

/**
 * Reads the parameters of an EC2 query request into the shape that the SDK calls the operation's input.
 *
 * @throws AwsError UnknownParameter, MissingParameter, InvalidParameterValue.
 * @see https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
 */
export function readEc2Query(form: URLSearchParams, input: NormalizedSchema): object {
  const root: FormTree = { children: new Map() };
  for (const [name, value] of form) {
    if (name !== 'Action' && name !== 'Version') plant(root, name, value);
  }
  return readStructure(root, input, '');
}

function plant(root: FormTree, name: string, value: string): void {
  const parts = name.split('.');
  if (parts.length > DEPTH_LIMIT) throw unknownParameter(name);
  let tree = root;
  for (const part of parts) {
    let child = tree.children.get(part);
    if (child === undefined) {
      child = { children: new Map() };
      tree.children.set(part, child);
    }
    tree = child;
  }
  tree.value = value;
}

function unknownParameter(name: string): AwsError {
  return new AwsError('UnknownParameter', `The parameter ${name} is not recognized`);
}

function readStructure(tree: FormTree, schema: NormalizedSchema, path: string): object {
  const result: Record<string, unknown> = {};
  const left = new Set(tree.children.keys());
  const required = new Set(requiredMembers(schema));
  for (const [memberName, member] of schema.structIterator()) {
    const key = requestKey(memberName, member);
    const child = tree.children.get(key);
    if (child !== undefined) {
      left.delete(key);
      result[memberName] = readValue(child, member, path + key);
    } else if (required.has(memberName)) {
      throw new AwsError(
        'MissingParameter',
        `The request must contain the parameter ${path}${key}`,
      );
    }
  }
  for (const name of left) throw unknownParameter(path + name);
  return result;
}

function requestKey(memberName: string, member: NormalizedSchema): string {
  const traits = member.getMergedTraits();
  if (typeof traits['ec2QueryName'] === 'string') return traits['ec2QueryName'];
  const name = traits.xmlName ?? memberName;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function readValue(tree: FormTree, schema: NormalizedSchema, path: string): unknown {
  if (schema.isStructSchema()) return readStructure(tree, schema, `${path}.`);
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    return [...tree.children]
      .map(([key, child]) => ({ key, index: Number(key), child }))
      .sort((one, other) => one.index - other.index)
      .map(({ key, index, child }) => {
        if (!Number.isInteger(index)) throw unknownParameter(`${path}.${key}`);
        return readValue(child, item, `${path}.${key}`);
      });
  }
  return readScalar(tree.value ?? '', schema, path);
}

function readScalar(text: string, schema: NormalizedSchema, path: string): unknown {
  const refuse = (): AwsError =>
    new AwsError('InvalidParameterValue', `Value (${text}) for parameter ${path} is invalid.`);
  if (schema.isBooleanSchema()) {
    if (text !== 'true' && text !== 'false') throw refuse();
    return text === 'true';
  }
  if (schema.isNumericSchema()) {
    const number = Number(text);
    if (text === '' || !Number.isFinite(number)) throw refuse();
    return number;
  }
  if (schema.isTimestampSchema()) {
    const date = new Date(text);
    if (Number.isNaN(date.getTime())) throw refuse();
    return date;
  }
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(text, 'base64'));
  return text;
}

/** Writes an operation's output as the body of an EC2 response. */
export function writeEc2Response(
  action: string,
  requestId: string,
  output: object,
  schema: NormalizedSchema,
): string {
  const members = schema.isStructSchema() ? writeMembers(output, schema) : '<return>true</return>';
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
    `<requestId>${requestId}</requestId>${members}</${action}Response>`
  );
}

/** Writes an error as EC2 does. */
export function writeEc2Error(error: AwsError, requestId: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>` +
    `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>` +
    `</Error></Errors><RequestID>${requestId}</RequestID></Response>`
  );
}

function writeMembers(value: object, schema: NormalizedSchema): string {
  let text = '';
  for (const [memberName, member] of schema.structIterator()) {
    const memberValue: unknown = Reflect.get(value, memberName);
    if (memberValue === undefined || memberValue === null) continue;
    const tag = member.getMemberTraits().xmlName ?? memberName;
    text += `<${tag}>${writeValue(memberValue, member)}</${tag}>`;
  }
  return text;
}

function writeValue(value: unknown, schema: NormalizedSchema): string {
  if (schema.isListSchema() && Array.isArray(value)) {
    const item = schema.getValueSchema();
    const tag = item.getMergedTraits().xmlName ?? 'member';
    return value.map((entry) => `<${tag}>${writeValue(entry, item)}</${tag}>`).join('');
  }
  if (schema.isStructSchema() && typeof value === 'object' && value !== null) {
    return writeMembers(value, schema);
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return escapeXml(String(value));
}
