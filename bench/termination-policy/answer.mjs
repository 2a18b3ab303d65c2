// A process of ChooseTerminations: `node answer.mjs <bundle> <request>` answers once, from the text of the request to the text
// of the answer, as Lambda's runtime does. A process with a channel answers each message.

const [, , bundle, request] = process.argv;
const { readFileSync } = process.getBuiltinModule('node:fs');
const { handler } = await import(bundle);

async function answer() {
  const began = performance.now();
  const event = JSON.parse(readFileSync(request, 'utf8'));
  const end = performance.now() + 2000;
  const getRemainingTimeInMillis = () => end - performance.now();
  const text = JSON.stringify(
    await handler(event, { getRemainingTimeInMillis, awsRequestId: 'bench', functionName: 'bench' }),
  );
  const ms = performance.now() - began;
  return { ms, named: JSON.parse(text).InstanceIDs.length };
}

if (process.send) process.on('message', async () => process.send(await answer()));
else process.stdout.write(`\n${JSON.stringify(await answer())}`, () => process.exit());
