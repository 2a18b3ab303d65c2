import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPython } from '../../../../local/python/find.ts';

/** Writes the same responses with moto's own library and with our replacement. */
const compare = String.raw`
import json, sys
sys.path.insert(0, sys.argv[1])
import xmltodict, moto.core.utils
import speedups

bodies = [
    {"Answer": None},
    {"Answer": {}},
    {"Answer": ""},
    {"Answer": {"@xmlns": 'http://"x"<y>&\'', "#text": "inside"}},
    {"Answer": {"@lines": "a\nb\tc\r", "lines": "a\nb\tc\r", "marks": "<&>\"'"}},
    {"Answer": {"items": ["one", 2, 2.5, True, False, None, "", {}, {"member": "héllo 日本 🚀"}]}},
    {"Answer": {"none": [], "tuple": ("a", "b"), "nested": {"list": {"item": [{"a": {"b": {}}}, {"a": None}]}}}},
    {"Answer": {"first": 1, "#text": None, "@id": None, "last": {"#text": "t", "@k": True}}},
]
options = [
    dict(full_document=full, pretty=False, short_empty_elements=short)
    for full in (True, False)
    for short in (True, False)
]
write = lambda: [xmltodict.unparse(body, **one) for body in bodies for one in options]
theirs = write()
speedups.speed_up_xml()
print(json.dumps({"theirs": theirs, "ours": write()}))
`;

test('XML responses equal those of moto', async () => {
  const folder = join(import.meta.dirname, '../../../../local/account/moto');
  const { stdout, stderr } = spawnSync(await findPython(() => {}), ['-c', compare, folder], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const { theirs, ours } = JSON.parse(stdout);
  expect(ours).toEqual(theirs);
  expect(theirs).toHaveLength(32);
});
