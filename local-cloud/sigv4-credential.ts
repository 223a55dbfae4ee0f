/** Reads who signed a request, and how, from its Authorization header or its presigned query. */
import type { IncomingHttpHeaders } from 'node:http';

import { parseQuery, splitTarget } from './sigv4-canonical';
import type { CredentialScope } from './sigv4-key';

/** What a request claims about its own signature; nothing of it is believed yet. */
export interface SignatureClaim {
  readonly form: 'header' | 'presigned';
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`, as it goes into the string to sign. */
  readonly timestamp: string;
  readonly signedAt: Date;
  readonly sessionToken: string | undefined;
  /** `x-amz-content-sha256`, by header or (presigned) by query. */
  readonly payloadHash: string | undefined;
  /** How long a presigned request is good for; 0 for the header form. */
  readonly expiresSeconds: number;
}

/** `null`: the request does not say that it is signed. A string: why it cannot be read. */
export function readSignatureClaim(request: {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}): SignatureClaim | string | null {
  const query = new Map(
    parseQuery(splitTarget(request.url).query).map(({ name, value }) => [
      name.toString().toLowerCase(),
      value.toString(),
    ]),
  );
  if (request.headers.authorization !== undefined) {
    return readHeaderClaim(request.headers.authorization, request.headers);
  }
  return query.has('x-amz-algorithm') || query.has('x-amz-signature')
    ? readPresignedClaim(query, request.headers)
    : null;
}

function readHeaderClaim(
  authorization: string,
  headers: IncomingHttpHeaders,
): SignatureClaim | string {
  const [algorithm, ...rest] = authorization.trim().split(/\s+/);
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    return `Unsupported Authorization Type: only AWS4-HMAC-SHA256 is accepted.`;
  }
  const fields = new Map(
    rest
      .join('')
      .split(',')
      .map((field) => {
        const mark = field.indexOf('=');
        return [field.slice(0, mark), field.slice(mark + 1)];
      }),
  );
  return buildClaim({
    form: 'header',
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    date: headerText(headers['x-amz-date']) ?? headers.date,
    sessionToken: headerText(headers['x-amz-security-token']),
    payloadHash: headerText(headers['x-amz-content-sha256']),
    expiresSeconds: 0,
  });
}

function readPresignedClaim(
  query: ReadonlyMap<string, string>,
  headers: IncomingHttpHeaders,
): SignatureClaim | string {
  if (query.get('x-amz-algorithm') !== 'AWS4-HMAC-SHA256') {
    return 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256".';
  }
  const expires = query.get('x-amz-expires') ?? '';
  const expiresSeconds = /^\d{1,6}$/.test(expires) ? Number(expires) : 0;
  if (expiresSeconds < 1 || expiresSeconds > PRESIGNED_MAX_SECONDS) {
    return 'X-Amz-Expires must be a number from 1 to 604800 seconds (a week).';
  }
  return buildClaim({
    form: 'presigned',
    credential: query.get('x-amz-credential'),
    signedHeaders: query.get('x-amz-signedheaders'),
    signature: query.get('x-amz-signature'),
    date: query.get('x-amz-date'),
    sessionToken: query.get('x-amz-security-token'),
    payloadHash: query.get('x-amz-content-sha256') ?? headerText(headers['x-amz-content-sha256']),
    expiresSeconds,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const PRESIGNED_MAX_SECONDS = 604_800;

interface ClaimFields {
  readonly form: SignatureClaim['form'];
  readonly credential: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
  readonly date: string | undefined;
  readonly sessionToken: string | undefined;
  readonly payloadHash: string | undefined;
  readonly expiresSeconds: number;
}

function buildClaim(fields: ClaimFields): SignatureClaim | string {
  const { credential, signedHeaders, signature, date, form } = fields;
  const { sessionToken, payloadHash, expiresSeconds } = fields;
  if (!credential || !signedHeaders || !signature) {
    return 'The signature needs Credential, SignedHeaders and Signature.';
  }
  // An access key id may contain slashes in theory; the last four parts never do.
  const parts = credential.split('/');
  const [day, region, service, terminator] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join('/');
  if (!accessKeyId || !day || !region || !service || terminator !== 'aws4_request') {
    return 'The Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request.';
  }
  const signedAt = parseDate(date);
  if (signedAt === undefined) return 'A valid X-Amz-Date or Date is needed.';
  const timestamp = signedAt.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  if (!timestamp.startsWith(day))
    return `The date in the Credential scope (${day}) is not that of the request.`;
  return {
    form,
    accessKeyId,
    scope: { date: day, region, service },
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    signature,
    timestamp,
    signedAt,
    sessionToken,
    payloadHash,
    expiresSeconds,
  };
}

function parseDate(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text.replace(BASIC_ISO, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const BASIC_ISO = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
