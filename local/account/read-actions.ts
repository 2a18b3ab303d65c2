const reads = /^(AssumeRole|BatchGet|Describe|Get|Head|List|Query|Scan)/;

/** Whether an action changes nothing, by AWS's habits of naming. */
export function isReadAction(action: string): boolean {
  return reads.test(action);
}
