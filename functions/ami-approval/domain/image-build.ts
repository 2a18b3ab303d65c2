import type { Permission } from './share-targets.ts';

/** The ARN of one build version of an image. */
export const BUILD_ARN = /^arn:aws[\w-]*:imagebuilder:[\w-]+:\d{12}:image\/[^/]+\/\d+\.\d+\.\d+\/\d+$/;

/** A tag of the image: the email address of the person who started the build. */
export const STARTED_BY_TAG = 'groundcrew:started-by';

/** An image build as Image Builder describes it. */
export interface ImageBuild {
  readonly arn: string;
  readonly type: string;
  readonly name: string;
  /** Semantic version and build number: `1.0.0/3`. */
  readonly version: string;
  readonly status: string;
  readonly reason?: string;
  readonly buildType?: string;
  readonly platform?: string;
  readonly osVersion?: string;
  readonly recipe?: string;
  readonly parentImage?: string;
  readonly pipeline?: string;
  /** ARNs of the component versions in its recipe. */
  readonly components?: readonly string[];
  /** Image Builder collects the list of its packages. */
  readonly hasPackageList?: boolean;
  readonly testsEnabled?: boolean;
  /** The status of its vulnerability scan. Undefined: it is not scanned. */
  readonly scan?: string;
  readonly amis: readonly BuiltAmi[];
  readonly distributions: readonly Distribution[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface BuiltAmi {
  readonly region: string;
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
}

/** What the distribution settings share in one Region without an approval. */
export interface Distribution {
  readonly region: string;
  readonly permissions: readonly Permission[];
  /** Accounts that get their own copies of the AMI. */
  readonly copies: readonly string[];
}
