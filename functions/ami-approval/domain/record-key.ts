/** The key of a record. Everything about one image build has the same partition key. */
export type BuildRecordKey = Readonly<{
  /** The hash of the build ARN. */
  image: string;
  /** `share`, or the id of the waiting workflow step; also `findings`, `failure` and, for a pipeline, `approved`. */
  part: string;
}>;

/** A record before its write, which sets the revision. */
export type Draft<T extends { readonly revision: string }> = Omit<T, 'revision'>;
