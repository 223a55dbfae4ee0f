/** What stands before the operation in the `X-Amz-Target` of a request to ECR. */
export const ECR_TARGET = 'AmazonEC2ContainerRegistry_V20150921';
