import type { CallExpression, Function as FunctionNode, Node } from 'oxc-parser';
import { lineOf, type Source, walk } from './source.ts';

/** One text that a function logs as a warning or an error. */
export interface LogMessage {
  readonly text: string;
  readonly level: 'warn' | 'error';
  readonly at: string;
}

/** A function whose parameter is the message, such as reportFailure(invocation, message, fields). */
interface Forwarder {
  readonly name: string;
  readonly parameter: number;
  readonly level: LogMessage['level'];
}

/**
 * Finds the text of every call of logger.warn and logger.error, also where a helper passes on the text that it got.
 *
 * @throws if a text is neither constant nor a parameter: then nobody can search for it
 */
export function findLogMessages(sources: readonly Source[]): LogMessage[] {
  const forwarders: Forwarder[] = [];
  const messages = sources.flatMap((source) =>
    callsIn(source).flatMap(({ call, ancestors }) => {
      const level = levelOf(call);
      const [message] = call.arguments;
      if (!level || !message) return [];
      const forwarder = findForwarder(message, ancestors);
      if (forwarder) forwarders.push({ ...forwarder, level });
      return forwarder ? [] : messagesOf(source, message, level);
    }),
  );
  return [...messages, ...sources.flatMap((source) => forwardedMessages(source, forwarders))];
}

function forwardedMessages(source: Source, forwarders: readonly Forwarder[]): LogMessage[] {
  return callsIn(source).flatMap(({ call }) =>
    forwarders.flatMap(({ name, parameter, level }) => {
      const message = call.arguments[parameter];
      const isCall = call.callee.type === 'Identifier' && call.callee.name === name;
      return isCall && message ? messagesOf(source, message, level) : [];
    }),
  );
}

interface Call {
  readonly call: CallExpression;
  readonly ancestors: readonly Node[];
}

function callsIn({ program }: Source): Call[] {
  const calls: Call[] = [];
  walk(program, (node, ancestors) => {
    if (node.type === 'CallExpression') calls.push({ call: node, ancestors });
  });
  return calls;
}

function levelOf({ callee }: CallExpression): LogMessage['level'] | undefined {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
  const { object, property } = callee;
  const target = object.type === 'MemberExpression' ? object.property : object;
  if (target.type !== 'Identifier' || target.name !== 'logger') return undefined;
  return property.name === 'warn' || property.name === 'error' ? property.name : undefined;
}

function findForwarder(message: Node, ancestors: readonly Node[]): Omit<Forwarder, 'level'> | undefined {
  if (message.type !== 'Identifier') return undefined;
  const owner = ancestors.findLast(
    (node): node is FunctionNode => node.type === 'FunctionDeclaration' && node.id !== null,
  );
  const parameter = owner?.params.findIndex(
    (param) => param.type === 'Identifier' && param.name === message.name,
  );
  if (!owner?.id || parameter === undefined || parameter < 0) return undefined;
  return { name: owner.id.name, parameter };
}

function messagesOf(source: Source, message: Node, level: LogMessage['level']): LogMessage[] {
  const at = `${source.path}:${lineOf(source, message.start)}`;
  return constantTexts(message, at).map((text) => ({ text, level, at }));
}

function constantTexts(node: Node, at: string): string[] {
  if (node.type === 'Literal' && typeof node.value === 'string') return [node.value];
  if (node.type === 'ConditionalExpression')
    return [node.consequent, node.alternate].flatMap((branch) => constantTexts(branch, at));
  throw new Error(`${at}: a message at the level warn or error must be a constant text`);
}
