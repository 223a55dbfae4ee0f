import { limits } from './limits';
import { trainer } from './scripts';
import { endOf, quote, startNow, waitNow, type Situation } from './situation';

const warning: Situation = {
  title: 'cost warning',
  rustCli: async (world) => {
    const project = world.project('then-cost', trainer);
    const id = await world.ownInstance('p4d.24xlarge');
    const ran = await world.rustCli(
      project,
      ['resources', 'list', '--platform', 'aws'],
      limits.commandSeconds,
    );
    await world.admin.terminateAll();
    const isShown = ran.output.includes(id);
    return (
      `shown when somebody runs \`resources list\`: ${quote(ran, /⚠️.*|High .*cost.*/)}` +
      `${isShown ? '' : ' (the instance is not in it)'}; nothing is sent, limited or stopped`
    );
  },
  ours: async (world) => {
    const project = world.project('now-cost', trainer);
    const options = ['--instance-type', 'p4d.24xlarge', '--max-cost', '0.05'];
    await startNow(world, project, options, 3);
    const { ran, run } = await waitNow(world, project);
    return `\`--max-cost 0.05\`: ${run.state}, “${run.message.split('\n')[0] ?? ''}”, ${endOf(ran)}`;
  },
};

export const cost: readonly Situation[] = [warning];
