/** An error that the caller shall see, in the words of AWS. Each service puts it into its own shape. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly statusCode = 400,
  ) {
    super(message);
  }
}
