/** Source: SNS Publish, "must be less than 100 characters long", in printable ASCII. */
const MAX_SUBJECT = 99;

/** A subject that SNS accepts, whatever names it contains. */
export function subjectLine(text: string): string {
  const ascii = text.replace(/[^ -~]+/g, '?');
  return ascii.length > MAX_SUBJECT ? `${ascii.slice(0, MAX_SUBJECT - 3)}...` : ascii;
}

/** Below the 256 KiB of SNS, with room for what surrounds the paragraphs. */
const MAX_BYTES = 240_000;

/** The paragraphs that fit into a mail, in their order. */
export function fittingParagraphs(paragraphs: readonly string[]): string[] {
  let bytes = 0;
  return paragraphs.filter((text) => {
    bytes += Buffer.byteLength(text) + 1;
    return bytes <= MAX_BYTES;
  });
}
