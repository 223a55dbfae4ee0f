/** Writes and reads the small XML documents of S3. */
import { XMLParser } from 'fast-xml-parser';

import { s3Error } from './errors';

/** A name and its text or children; `undefined` and `null` leave the element out. */
export type XmlElement = readonly [name: string, content: XmlContent];
type XmlContent = string | number | boolean | undefined | null | readonly XmlElement[];

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A whole document; errors are the only documents of S3 without its namespace. */
export function writeXml(root: XmlElement, namespace: 'with-namespace' | 'bare'): string {
  const [name, content] = root;
  const attribute = namespace === 'with-namespace' ? ` xmlns="${NAMESPACE}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${writeContent(content)}</${name}>`;
}

function writeContent(content: XmlContent): string {
  if (content === undefined || content === null) return '';
  if (typeof content !== 'object') return escapeText(String(content));
  return content
    .filter(([, child]) => child !== undefined && child !== null)
    .map(([name, child]) => `<${name}>${writeContent(child)}</${name}>`)
    .join('');
}

function escapeText(text: string): string {
  // Carriage returns would be normalised away by a reader, other controls are not XML 1.0 at all:
  // S3 sends both as references, and offers encoding-type=url to those whose parser refuses them.
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(CONTROL_CHARACTERS, (control) => `&#x${control.charCodeAt(0).toString(16)};`);
}

// eslint-disable-next-line no-control-regex -- control characters are exactly what it looks for
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f]/g;

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: () => true,
});

/** An element as read: text, or children by name, each name with all its elements. */
export type XmlNode = string | XmlChildren;
// eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style -- a Record cannot refer to itself
interface XmlChildren {
  readonly [name: string]: readonly (string | XmlChildren)[];
}

/**
 * Reads a document whose root has the given name.
 * @throws MalformedXML
 */
export function readXml(text: string, rootName: string): XmlNode {
  // The parser forgives what is cut off, and a document type could only be an entity trick.
  const isWhole = text.trimEnd().endsWith(`</${rootName}>`) && !text.includes('<!DOCTYPE');
  if (!isWhole) throw s3Error('MalformedXML');
  const [root] = childrenOf(parseXml(text), rootName);
  if (root === undefined) throw s3Error('MalformedXML');
  return root;
}

function parseXml(text: string): XmlNode {
  try {
    return parser.parse(text) as XmlChildren; // what isArray makes of every document
  } catch {
    // The parser's own words about the place are of no use to an S3 client.
    throw s3Error('MalformedXML');
  }
}

/** All child elements of a name. */
export function childrenOf(node: XmlNode, name: string): readonly XmlNode[] {
  return typeof node === 'string' ? [] : (node[name] ?? []);
}

/** The text of the first child of a name. */
export function textOf(node: XmlNode, name: string): string | undefined {
  const child = childrenOf(node, name)[0];
  return typeof child === 'string' ? child : undefined;
}
