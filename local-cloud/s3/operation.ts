/** What an S3 operation is: how a request selects it, and what it does. */
import type { Reply } from './reply';
import type { S3Request, S3Upload, Target } from './request';
import type { ObjectStore } from './store';

/** What operations work on. */
export interface S3World {
  readonly store: ObjectStore;
  readonly region: string;
}

/** The parts of an operation that the router looks at; `name` is AWS's, also for planted faults. */
interface Selection<Kind extends Target['kind']> {
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly target: Kind;
  /** Query parameters that must be there, such as `uploads`. */
  readonly selectors?: readonly string[];
  /** A header that must be there: copies look like puts otherwise. */
  readonly selectingHeader?: string;
  /** Query parameters that may be there. Any other one makes the request NotImplemented. */
  readonly parameters?: readonly string[];
}

/** One request for an operation. */
interface Call<Kind extends Target['kind']> {
  readonly request: S3Request;
  readonly target: Extract<Target, { kind: Kind }>;
  readonly upload: S3Upload;
}

export type BucketCall = Call<'bucket'>;
export type ObjectCall = Call<'object'>;

type Perform<Kind extends Target['kind']> = (
  world: S3World,
  call: Call<Kind>,
) => Promise<Reply> | Reply;

export type ServiceOperation = Selection<'service'> & { readonly perform: Perform<'service'> };
export type BucketOperation = Selection<'bucket'> & { readonly perform: Perform<'bucket'> };
export type ObjectOperation = Selection<'object'> & { readonly perform: Perform<'object'> };
export type Operation = ServiceOperation | BucketOperation | ObjectOperation;
