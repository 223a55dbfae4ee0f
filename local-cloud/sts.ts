import { randomUUID } from 'node:crypto';
import { AwsError } from './wire/aws-error';
import { authenticate, type IncomingCall } from './wire/authenticate';
import type { ServiceReply } from './wire/reply';
import type { World } from './world/world';
import { escapeXml } from './wire/xml';

const VERSION = '2011-06-15';

/** Whether a query request is for STS, which shares its content type with EC2 but not its version. */
export function isForSts(body: Buffer): boolean {
  return new URLSearchParams(body.toString('utf8')).get('Version') === VERSION;
}

/** STS, as far as `aws sts get-caller-identity` goes: the first thing that people ask an account. */
export function answerSts(world: World, call: IncomingCall): ServiceReply {
  const requestId = randomUUID();
  const reply = { contentType: 'text/xml', requestId, isLost: false };
  try {
    const accessKeyId = authenticate(world, call, 'ec2');
    const action = new URLSearchParams(call.body.toString('utf8')).get('Action') ?? '';
    if (action !== 'GetCallerIdentity') {
      throw new AwsError(
        'InvalidAction',
        `Could not find operation ${action} for version ${VERSION}`,
      );
    }
    const body = identityXml(world, accessKeyId, requestId);
    return { ...reply, statusCode: 200, body };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const body =
      `<ErrorResponse><Error><Type>Sender</Type><Code>${escapeXml(error.code)}</Code>` +
      `<Message>${escapeXml(error.message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { ...reply, statusCode: error.statusCode, body };
  }
}

function identityXml(world: World, accessKeyId: string, requestId: string): string {
  const { accountId } = world.settings;
  const instance = world.instances
    .all()
    .find(({ credentials }) => credentials.some((one) => one.accessKeyId === accessKeyId));
  const [arn, userId] =
    instance === undefined
      ? [`arn:aws:iam::${accountId}:root`, accountId]
      : [
          `arn:aws:sts::${accountId}:assumed-role/${instance.instanceProfile ?? ''}/${instance.instanceId}`,
          `AROALOCALCLOUD000000:${instance.instanceId}`,
        ];
  return (
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/${VERSION}/"><GetCallerIdentityResult>` +
    `<Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${accountId}</Account></GetCallerIdentityResult>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
  );
}
