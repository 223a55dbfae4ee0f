import type { ServiceContext } from '../wire/json-service';
import type { ImageStore } from './store';

/** What every ECR operation works with. */
export interface EcrContext extends ServiceContext {
  readonly images: ImageStore;
  /** Host and port of this cloud: the registry is a part of it. */
  readonly registryHost: string;
}
