/** Masks what varies in log lines: times, addresses, paths, numbers, so that like lines look alike. */

/** What is replaced by which mark, the first rule first. A mark itself is left as it is. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{2}(?::[0-9a-f]{2}){5,}\b/gi, '<hex>'],
  [/\b\d{4}[-/]\d\d[-/]\d\d[T _:]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|\s?[+-]\d\d:?\d\d)?/g, '<isotime>'],
  [
    /\b(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} [ \d]\d(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?/g,
    '<systime>',
  ],
  [/\b\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?/g, '<webtime>'],
  [
    /\b\d{4}[-/]\d\d[-/]\d\d\b|\b\d\d[-/.]\d\d[-/.]\d{4}\b|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b/g,
    '<time>',
  ],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]]+/gi, '<url>'],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '<mail>'],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, '<uuid>'],
  [/(?:::ffff:)?\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?(?:\/\d+)?/gi, '<ip>'],
  [
    /(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,7}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){1,7}:(?![\w:])/gi,
    '<ip>',
  ],
  [/(?<![\w<])(?:[A-Za-z]:\\|~?\/)[\w.+@%~-]+(?:[\\/][\w.+@%~-]*)*/g, '<path>'],
  [/(?<![\w:])::1(?!\w)/g, '<ip>'],
  [/\b0x[0-9a-f]+\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi, '<hex>'],
  [/(?<![A-Za-z_<\d])[+-]?\d+(?:[.,]\d+)*|(?<=[A-Za-z])\d{3,}/g, '<num>'],
];

/** The line with everything that varies replaced by marks such as `<ip>`. */
export function mask(line: string): string {
  return rules.reduce((text, [pattern, mark]) => text.replace(pattern, mark), line);
}

/** The tokens of a masked line: words between blanks, and both sides of `=`. */
export function tokensOf(masked: string): string[] {
  return masked.split(/\s+|(?<==)/u).filter((token) => token !== '');
}
