import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listBusy, listCordoned } from './group.ts';

// A process of its own that answers as the tables of ChooseTerminations do. The names of a group and of a table of cordons
// end in the number of candidates. A page that was asked for before is ready.

/** A page of DynamoDB has 1 MB, and the item of a worker about 100 bytes. */
const PAGE_ITEMS = 10_000;

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

interface Input {
  readonly TableName: string;
  readonly ProjectionExpression: string;
  readonly ExpressionAttributeValues: Item;
  readonly ExclusiveStartKey?: Item;
}

const answers = new Map<string, string>();

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const isQuery = String(request.headers['x-amz-target']).endsWith('.Query');
    const answer = answers.get(body) ?? pageOf(isQuery, JSON.parse(body));
    answers.set(body, answer);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit());

function pageOf(isQuery: boolean, input: Input): string {
  const items = isQuery ? listWorkers(input) : listCordons(input);
  const after = input.ExclusiveStartKey?.['instanceId']?.S;
  const start = items.findIndex(({ instanceId }) => instanceId?.S === after) + 1;
  const page = items.slice(start, start + PAGE_ITEMS);
  const last = start + PAGE_ITEMS < items.length ? page.at(-1) : undefined;
  const names = input.ProjectionExpression.split(', ');
  return JSON.stringify({
    Count: page.length,
    ScannedCount: page.length,
    Items: page.map((item) =>
      Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name))),
    ),
    ...(last && { LastEvaluatedKey: { group: last['group'], instanceId: last['instanceId'] } }),
  });
}

function listWorkers({ ExpressionAttributeValues: { ':group': group = {} } }: Input): readonly Item[] {
  const now = Math.floor(Date.now() / 1000);
  const times = { busySince: { N: String(now - 600) }, expiresAt: { N: String(now + 86_400) } };
  return listBusy(candidatesOf(group.S)).map((id) => ({ group, instanceId: { S: id }, ...times }));
}

function listCordons({ TableName: table }: Input): readonly Item[] {
  const ids = listCordoned(candidatesOf(table));
  return ids.map((id) => ({ instanceId: { S: id }, severity: { S: 'rebalance' } }));
}

function candidatesOf(name = ''): number {
  return Number(name.split('-').at(-1));
}
