import * as sdk from '@aws-sdk/client-ecr';
import type { IncomingCall } from '../wire/authenticate';
import { answerJson } from '../wire/json-service';
import type { ServiceReply } from '../wire/reply';
import { getAuthorizationToken } from './authorization';
import type { EcrContext } from './context';
import { batchDeleteImage, describeImages } from './images';
import { createRepository, deleteRepository, describeRepositories } from './repositories';
import { ECR_TARGET } from './target';

/** The ECR operations of this cloud; see the EC2 handlers for how to add one. */
const handlers = {
  BatchDeleteImage: batchDeleteImage,
  CreateRepository: createRepository,
  DeleteRepository: deleteRepository,
  DescribeImages: describeImages,
  DescribeRepositories: describeRepositories,
  GetAuthorizationToken: getAuthorizationToken,
};

type Handler = (context: EcrContext, input: object) => object;

/** Answers one ECR request; every outcome is a reply. What docker itself asks is in registry.ts. */
export function answerEcr(context: EcrContext, call: IncomingCall): ServiceReply {
  const service = {
    name: 'ecr',
    targetPrefix: ECR_TARGET,
    sdk,
    // The input was read by the schema of the operation whose name the handler has, so it is of the handler's type.
    handlers: new Map(Object.entries(handlers)) as ReadonlyMap<string, Handler>,
    internalErrorCode: 'ServerException',
  } as const;
  return answerJson(service, context, call);
}
