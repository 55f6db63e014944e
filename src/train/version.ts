/** The version of this package, as its bundles bear it. */
export const version = '0.1.0';
