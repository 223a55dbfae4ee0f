import type { Filter, GetProductsRequest, GetProductsResponse } from '@aws-sdk/client-pricing';
import { listInstanceTypes } from '../catalogue/instance-types';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { World } from '../world/world';
import { productOf, type Product } from './product';

const PAGE_LIMIT = 100;

/** GetProducts, of the On-Demand prices of EC2's instance types with Linux; every filter must match. */
export function getProducts(
  { world }: { readonly world: World },
  request: GetProductsRequest,
): GetProductsResponse {
  if (request.ServiceCode !== 'AmazonEC2') {
    throw new AwsError('NotFoundException', `No service ${request.ServiceCode ?? ''} is listed.`);
  }
  const format = request.FormatVersion ?? 'aws_v1';
  if (format !== 'aws_v1') {
    throw new AwsError('InvalidParameterException', `The format ${format} is not known.`);
  }
  const size = request.MaxResults ?? PAGE_LIMIT;
  if (size < 1 || size > PAGE_LIMIT) {
    throw new AwsError('InvalidParameterException', `MaxResults must be 1 to ${PAGE_LIMIT}.`);
  }
  const filters = request.Filters ?? [];
  const products = listInstanceTypes()
    .map((type) => productOf(type, world.region))
    .filter((product) => filters.every((filter) => matches(filter, product)));
  const { items, nextToken } = page(products, ({ product }) => product.sku, {
    token: request.NextToken,
    maxResults: size,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextTokenException',
  });
  return {
    FormatVersion: format,
    PriceList: items.map((product) => JSON.stringify(product)),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}

function matches({ Type: kind, Field: field = '', Value: value = '' }: Filter, item: Product) {
  const attributes: Readonly<Record<string, string>> = {
    ...item.product.attributes,
    productFamily: item.product.productFamily,
    sku: item.product.sku,
  };
  const found = attributes[field];
  const values = value.split(',').map((each) => each.trim());
  switch (kind) {
    case 'TERM_MATCH':
    case 'EQUALS':
      return found === value;
    case 'CONTAINS':
      return found?.includes(value) === true;
    case 'ANY_OF':
      return found !== undefined && values.includes(found);
    case 'NONE_OF':
      return found === undefined || !values.includes(found);
    case undefined:
      throw new AwsError('InvalidParameterException', 'A filter needs a type.');
  }
}
