/** The claims of a valid token. API Gateway has checked its signature, issuer, audience and times. */
export type Claims = Readonly<Record<string, unknown>>;

/** @returns the address that the issuer has verified, or undefined */
export function verifiedAddress(claims: Claims | undefined): string | undefined {
  const { email, email_verified: isVerified } = claims ?? {};
  // API Gateway passes claims as texts.
  return typeof email === 'string' && String(isVerified) === 'true' ? email : undefined;
}

/** @returns why this person cannot use the approver's link, or undefined if it is theirs */
export function signInProblem(claims: Claims | undefined, approver: string): string | undefined {
  const address = verifiedAddress(claims);
  if (address === undefined) return 'Your sign-in has no verified email address.';
  return address.toLowerCase() === approver.toLowerCase()
    ? undefined
    : `You are signed in as ${address}, but this link is for another person.`;
}
