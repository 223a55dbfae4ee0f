/** Limits of multipart uploads: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */

export const PART_NUMBER_MAX = 10_000;

/** Every part but the last. */
export const PART_MIN_BYTES = 5 * 1024 ** 2;
