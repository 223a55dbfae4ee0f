const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The order of the test files. Those that play whole runs take minutes each and mostly wait: they begin first, so that
 * the short ones fill what is left beside them. Without it the last minutes belong to one of them, alone.
 */
module.exports = class StoriesFirst extends Sequencer {
  sort(tests) {
    const isStory = ({ path }) => path.includes('/test/e2e/');
    const sorted = super.sort(tests);
    return [...sorted.filter(isStory), ...sorted.filter((test) => !isStory(test))];
  }
};
