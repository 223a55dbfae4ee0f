import * as sdk from '@aws-sdk/client-pricing';
import type { IncomingCall } from '../wire/authenticate';
import { answerJson, type ServiceContext } from '../wire/json-service';
import type { ServiceReply } from '../wire/reply';
import type { World } from '../world/world';
import { getProducts } from './get-products';

/** What `X-Amz-Target` says before the dot. */
export const pricingTarget = 'AWSPriceListService';

// The input was read by the schema of the operation whose name the handler has, so it is of the handler's type.
const handlers = new Map(Object.entries({ GetProducts: getProducts })) as ReadonlyMap<
  string,
  (context: { readonly world: World }, input: object) => object
>;

/** Answers one request to the price list; every outcome is a reply. */
export function answerPricing(context: ServiceContext, call: IncomingCall): ServiceReply {
  const service = {
    name: 'pricing',
    targetPrefix: pricingTarget,
    sdk,
    handlers,
    internalErrorCode: 'InternalErrorException',
  } as const;
  return answerJson(service, context, call);
}
