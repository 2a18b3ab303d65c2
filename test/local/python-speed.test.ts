import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { python } from '../../local/python.ts';

const folder = join(import.meta.dirname, '../../local/account');

/** Runs a script with moto's library and what stands beside it. Returns what it prints as JSON. */
async function run(script: string): Promise<Record<string, unknown>> {
  const { stdout, stderr } = spawnSync(await python(() => {}), ['-c', script, folder], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** Answers as moto makes them, written by its own library and by what stands in for it. */
const compare = String.raw`
import json, sys
sys.path.insert(0, sys.argv[1])
import xmltodict, moto.core.utils
import speed

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
speed.quicken_xml()
print(json.dumps({"theirs": theirs, "ours": write()}))
`;

test('answers in XML are written as moto writes them', async () => {
  const { theirs, ours } = await run(compare);
  expect(ours).toEqual(theirs);
  expect(theirs).toHaveLength(32);
});

/** Changes at so many seconds each, counted from the first: whether CloudWatch takes them. */
const limit = `
import json, sys, types
sys.path.insert(0, sys.argv[1])
import moto.core.utils as core
import speed
speed.before_import(lambda: None)
import corrections

response = types.SimpleNamespace(cloudwatch_backend=types.SimpleNamespace())
change = corrections.limited("put_metric_alarm", lambda response: "taken")

def at(second):
    core.unix_time = lambda: 1000.0 + second
    try: return change(response)
    except corrections.Throttling as refusal: return refusal.code

print(json.dumps({"told": [at(second) for second in (0, 2, 2, 2, 2, 2.4, 2.5)]}))
`;

test('CloudWatch takes three changes of alarms a second', async () => {
  const [taken, refused] = ['taken', 'Throttling'];
  expect(await run(limit)).toEqual({ told: [taken, taken, taken, taken, refused, taken, refused] });
});
