/** A span of code, in which Markdown takes every character as it is. */
const codeSpan = /(`[^`\n]*`)/;

/**
 * A text with prices as Markdown: the Web UI takes what stands between two dollar signs for a formula, unless they are
 * escaped (UI 2.42.1).
 */
export const escapeDollars = (markdown: string): string =>
  markdown
    .split(codeSpan)
    .map((part) => (codeSpan.test(part) ? part : part.replaceAll('$', '\\$')))
    .join('');
