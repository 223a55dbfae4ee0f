import { limits } from './limits';
import { longTrainer, trainer } from './scripts';
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
    const project = world.project('now-cost', longTrainer);
    // Reached after 66 s at $21.96 an hour: more than the minute that is owed with the launch, so it trains until then.
    const options = ['--instance-type', 'p4d.24xlarge', '--on-demand', '--max-cost', '0.4'];
    await startNow(world, project, options, 3);
    const { ran, run } = await waitNow(world, project);
    const told = run.warnings[0] ?? 'nothing';
    return (
      `warns in log, status and Web UI, and a program or webhook if there is one: “${told}”; with ` +
      `\`--max-cost 0.4\`: ${run.state}, “${run.message.split('\n')[0] ?? ''}”, ${endOf(ran)}, ` +
      `checkpoint ${run.checkpoint?.step ?? 'none'}`
    );
  },
};

export const cost: readonly Situation[] = [warning];
