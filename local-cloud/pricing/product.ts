import { createHash } from 'node:crypto';
import type { InstanceType } from '../catalogue/instance-types';

/** One product as the price list tells it: JSON inside the JSON of the reply. */
export interface Product {
  readonly product: {
    readonly productFamily: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly sku: string;
  };
  readonly serviceCode: string;
  readonly terms: { readonly OnDemand: object };
  readonly version: string;
  readonly publicationDate: string;
}

// Codes that AWS uses for the hourly On-Demand term and its one dimension.
const TERM_CODE = 'JRTCKXETXF';
const RATE_CODE = '6YS6EN2CT7';
/** Of the prices in the catalogue. */
const PUBLISHED = '2025-06-01T00:00:00Z';

/** An instance type with Linux, shared tenancy and nothing preinstalled. */
export function productOf(type: InstanceType, region: string): Product {
  const sku = skuOf(type.name, region);
  const offer = `${sku}.${TERM_CODE}`;
  const rateCode = `${offer}.${RATE_CODE}`;
  return {
    product: { productFamily: 'Compute Instance', attributes: attributesOf(type, region), sku },
    serviceCode: 'AmazonEC2',
    terms: {
      OnDemand: {
        [offer]: {
          priceDimensions: {
            [rateCode]: {
              unit: 'Hrs',
              endRange: 'Inf',
              description: `$${type.onDemandPricePerHourUsd} per On Demand Linux ${type.name} Instance Hour`,
              appliesTo: [],
              rateCode,
              beginRange: '0',
              pricePerUnit: { USD: type.onDemandPricePerHourUsd.toFixed(10) },
            },
          },
          sku,
          effectiveDate: PUBLISHED,
          offerTermCode: TERM_CODE,
          termAttributes: {},
        },
      },
    },
    version: PUBLISHED.replaceAll(/\D/g, ''),
    publicationDate: PUBLISHED,
  };
}

function attributesOf(type: InstanceType, region: string): Readonly<Record<string, string>> {
  return {
    servicecode: 'AmazonEC2',
    servicename: 'Amazon Elastic Compute Cloud',
    regionCode: region,
    location: LOCATIONS[region] ?? region,
    locationType: 'AWS Region',
    instanceType: type.name,
    currentGeneration: 'Yes',
    vcpu: String(type.vcpuCount),
    memory: `${type.memoryMiB / 1024} GiB`,
    ...(type.gpu === undefined ? {} : { gpu: String(type.gpu.count) }),
    operatingSystem: 'Linux',
    operation: 'RunInstances',
    preInstalledSw: 'NA',
    licenseModel: 'No License required',
    tenancy: 'Shared',
    capacitystatus: 'Used',
    marketoption: 'OnDemand',
    usagetype: `BoxUsage:${type.name}`,
  };
}

/** The price list's names of regions: what scripts filter by that are older than its `regionCode`. */
const LOCATIONS: Readonly<Record<string, string>> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-1': 'US West (N. California)',
  'us-west-2': 'US West (Oregon)',
  'ca-central-1': 'Canada (Central)',
  'sa-east-1': 'South America (Sao Paulo)',
  'eu-central-1': 'EU (Frankfurt)',
  'eu-north-1': 'EU (Stockholm)',
  'eu-west-1': 'EU (Ireland)',
  'eu-west-2': 'EU (London)',
  'eu-west-3': 'EU (Paris)',
  'ap-northeast-1': 'Asia Pacific (Tokyo)',
  'ap-northeast-2': 'Asia Pacific (Seoul)',
  'ap-south-1': 'Asia Pacific (Mumbai)',
  'ap-southeast-1': 'Asia Pacific (Singapore)',
  'ap-southeast-2': 'Asia Pacific (Sydney)',
};

function skuOf(name: string, region: string): string {
  const hash = createHash('sha256').update(`${region}/${name}`).digest('hex');
  return hash.slice(0, 16).toUpperCase();
}
