import { describe, expect, test } from 'vitest';
import { decodeXml, encodeXml } from '../../../local/account/xml.ts';

describe('XML', () => {
  test('is written with lists, times and escapes', () => {
    const value = { A: [{ B: '<&>' }, { B: undefined }], C: new Date(0), D: 1, E: null };
    expect(encodeXml(value)).toBe(
      '<A><member><B>&#60;&#38;&#62;</B></member><member></member></A><C>1970-01-01T00:00:00.000Z</C><D>1</D>',
    );
    expect(encodeXml({ A: ['x'] }, 'item')).toBe('<A><item>x</item></A>');
  });

  test('is read with lists, repeats and entities', () => {
    const xml =
      '<?xml version="1.0"?><R xmlns="u"><A><member><B>1</B></member><member><B>a&amp;&#252;&#xfc;</B></member></A>' +
      '<C/><D>x</D><D>y</D>\n</R>';
    expect(decodeXml(xml)).toEqual({ R: { A: [{ B: '1' }, { B: 'a&üü' }], C: '', D: ['x', 'y'] } });
  });
});
