import path from 'node:path';
import { findPackageRoot } from '../aws/package-root';

/** A path inside this package, whether the code runs from `dist/` or from the sources; not checked for existence. */
export const inPackage = (...parts: string[]): string => path.join(findPackageRoot(), ...parts);
