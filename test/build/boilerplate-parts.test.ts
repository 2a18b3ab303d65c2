import { describe, expect, test } from 'vitest';
import { readParts } from '../../build/boilerplate-parts.ts';

/** As the SDK's generator writes it for each service. */
function client(service: string, changes: Readonly<Record<string, string>> = {}): string {
  const { number = '300_000', body = '' } = changes;
  return `import packageInfo from "../package.json";
import { Aws${service}Protocol } from "@aws-sdk/core/protocols";
import { NoOpLogger, Client as __Client, } from "@smithy/core/client";
import { default${service}HttpAuthSchemeProvider } from "./auth";
export { __Client };
export class ${service}Client extends __Client {
    settings = { apiVersion: "${service}-1", logger: new NoOpLogger(), packageInfo };
    protocol = Aws${service}Protocol;
    scheme = default${service}HttpAuthSchemeProvider;
    timeout = getTimeout(config?.requestHandler, ${number});
    serviceId = config?.serviceId ?? "${service}";${body}
}
`;
}

describe('two clients', () => {
  test('that differ in names, texts and numbers have one common text', () => {
    const [one, other] = [readParts(client('One')), readParts(client('Other', { number: '900_000' }))];

    expect(one?.common).toBe(other?.common);
    expect(one?.packages).toEqual(['@smithy/core/client']);
    expect(one?.common).not.toMatch(/One|300_000/);
  });

  test('that differ in anything else have two', () => {
    const other = readParts(client('Other', { body: '\n    more = 1;' }));

    expect(readParts(client('One'))?.common).not.toBe(other?.common);
  });

  test('keep what sets them apart, in the order in which the common text takes it', () => {
    expect(readParts(client('One'))?.writeOwn('shared')).toBe(`import packageInfo from "../package.json";

import { AwsOneProtocol } from "@aws-sdk/core/protocols";

import { NoOpLogger, Client as __Client, } from "@smithy/core/client";

import { defaultOneHttpAuthSchemeProvider } from "./auth";

export { __Client };

import { make } from "shared";
export const OneClient = /* @__PURE__ */ make(packageInfo, AwsOneProtocol, defaultOneHttpAuthSchemeProvider, "One-1", 300_000, "One");`);
    expect(readParts(client('One'))?.common).toContain(
      'export const make = (packageInfo, alias1, alias2, value0, value1, value2) => {',
    );
  });
});

test.each([
  ['that exports in another way', 'export default class {}'],
  ['that exports nothing', 'const a = 1;'],
  ['that imports when it runs', 'export const a = () => import("./b");'],
  ['that imports everything', 'import * as a from "./b";\nexport const c = a;'],
  ['that says its name in a text', client('One', { body: '\n    text = "OneClient";' })],
  ['that has a property of its name', client('One', { body: '\n    copy = { OneClient };' })],
  ['that reads a property of its name', client('One', { body: '\n    copy = all.OneClient;' })],
])('a module %s stays as it is', (_, source) => {
  expect(readParts(source)).toBeUndefined();
});
