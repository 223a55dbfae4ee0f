import type { Lifecycle } from '../world/lifecycle';
import type { World } from '../world/world';

/** What every EC2 operation works with. */
export interface Ec2Context {
  readonly world: World;
  readonly lifecycle: Lifecycle;
}
