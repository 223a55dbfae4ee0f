import { GetProductsCommand, type PricingClient } from '@aws-sdk/client-pricing';
import type { PriceSource } from '../domain/instance';
import { isObject } from '../domain/json-reader';
import { cached } from './cached';
import { priceLimits } from './limits';
import onDemandTable from './on-demand-prices.json';

export interface OnDemandPrice {
  /** Null when nobody knows it. */
  readonly pricePerHourUsd: number | null;
  readonly source: PriceSource | null;
}

/** Reads the list price of an instance type for Linux. Never fails: no launch waits for want of a price. */
export type OnDemandPrices = (instanceType: string) => Promise<OnDemandPrice>;

/**
 * Makes the reader of one worker: a price is asked of the Pricing API once a day. While that does not answer (no
 * permission, no way there) the table that runctl brings along counts, and the source says so.
 */
export function createOnDemandPrices(pricing: PricingClient, region: string): OnDemandPrices {
  const listed = cached(priceLimits.onDemandCacheMs, (instanceType) =>
    readListPrice(pricing, region, instanceType),
  );
  let askAgainAtMs = 0;
  return async (instanceType) => {
    if (Date.now() < askAgainAtMs) return readTable(instanceType, region);
    try {
      const pricePerHourUsd = await listed(instanceType);
      return pricePerHourUsd === null
        ? readTable(instanceType, region)
        : { pricePerHourUsd, source: 'pricing-api' };
    } catch {
      // What is missing is told by the source of the price; asking at every poll would help nobody.
      askAgainAtMs = Date.now() + priceLimits.retryMs;
      return readTable(instanceType, region);
    }
  };
}

/**
 * The region whose endpoint is asked: the Pricing API has three.
 *
 * @see https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
 */
export function pricingRegion(region: string): string {
  if (/^(eu|il|me|af)-/.test(region)) return 'eu-central-1';
  return region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1';
}

async function readListPrice(
  pricing: PricingClient,
  region: string,
  instanceType: string,
): Promise<number | null> {
  const term = (Field: string, Value: string) => ({ Type: 'TERM_MATCH' as const, Field, Value });
  const reply = await pricing.send(
    new GetProductsCommand({
      ServiceCode: 'AmazonEC2',
      FormatVersion: 'aws_v1',
      Filters: [
        term('regionCode', region),
        term('instanceType', instanceType),
        term('operatingSystem', 'Linux'),
        term('tenancy', 'Shared'),
        term('preInstalledSw', 'NA'),
        // Not what an unused reservation costs.
        term('capacitystatus', 'Used'),
      ],
      MaxResults: priceLimits.productsPerPage,
    }),
  );
  // A list of JSON texts, which the SDK types as if it were one.
  const products: readonly unknown[] = Array.isArray(reply.PriceList) ? reply.PriceList : [];
  const prices = products.map((product) => readProduct(String(product)));
  return prices.find((price) => price !== null) ?? null;
}

/**
 * The price of an hour out of one product of a price list; null where it has none.
 *
 * @see https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
 */
function readProduct(product: string): number | null {
  let read: unknown;
  try {
    read = JSON.parse(product);
  } catch {
    return null; // Not what the API documents: the table counts.
  }
  const terms = valuesOf(fieldOf(fieldOf(read, 'terms'), 'OnDemand'));
  const dimensions = terms.flatMap((term) => valuesOf(fieldOf(term, 'priceDimensions')));
  const hourly = dimensions.filter((dimension) => fieldOf(dimension, 'unit') === 'Hrs');
  const prices = hourly.map((dimension) =>
    Number(fieldOf(fieldOf(dimension, 'pricePerUnit'), 'USD')),
  );
  return prices.find((price) => Number.isFinite(price) && price > 0) ?? null;
}

const fieldOf = (value: unknown, name: string): unknown =>
  isObject(value) ? value[name] : undefined;

const valuesOf = (value: unknown): unknown[] => (isObject(value) ? Object.values(value) : []);

/** The list price at the table's date; other regions than the table's cost a bit more. */
function readTable(instanceType: string, region: string): OnDemandPrice {
  const prices: Readonly<Record<string, number>> = onDemandTable.usdPerHour;
  const pricePerHourUsd = prices[instanceType] ?? null;
  if (pricePerHourUsd === null) return { pricePerHourUsd, source: null };
  const place = region === onDemandTable.region ? '' : `, ${onDemandTable.region}`;
  return { pricePerHourUsd, source: `table of ${onDemandTable.asOf}${place}` };
}
