import { formatDuration } from '../../domain/format';
import type { DiskUsage, GpuUsage, MachineUsage, ProcessUsage } from '../../domain/machine-usage';
import { formatBytes } from './format';
import { formatTable } from './table';
import { cutTo, textView, type TextView } from './terminal';

const commandWidthMin = 20;

/** What a training and its instance use, for people. */
export function usageText(
  instanceId: string,
  usage: MachineUsage,
  view: TextView = textView(),
): string {
  const { cpu, memory, disks, gpus, processes, processCount } = usage;
  const whose =
    usage.runId === null
      ? 'nothing was started here'
      : `run ${usage.runId}, attempt ${usage.attemptNumber ?? '?'}, ${usage.state ?? ''}`;
  const hidden = processCount - processes.length;
  return [
    `Instance ${instanceId} at ${usage.at}: ${whose}`,
    '',
    `CPU     ${percent(cpu.percent)} of ${cpu.count}, load ${cpu.load.join(' ')}`,
    `Memory  ${share(memory.usedBytes, memory.totalBytes)}${memory.swapUsedBytes === 0 ? '' : `, swap ${formatBytes(memory.swapUsedBytes)}`}`,
    ...disks.map(diskLine),
    ...gpus.map(gpuLine),
    '',
    processes.length === 0 ? 'No process of a training.' : processTable(processes, view),
    ...(hidden > 0 ? [`${hidden} more are not shown.`] : []),
  ].join('\n');
}

const diskLine = ({ path, usedBytes, totalBytes, freeBytes }: DiskUsage): string =>
  `Disk    ${share(usedBytes, totalBytes)}, ${formatBytes(freeBytes)} free, ${path}`;

function gpuLine(gpu: GpuUsage): string {
  const facts = [
    gpu.percent === null ? '' : percent(gpu.percent),
    gpu.memoryUsedBytes === null || gpu.memoryTotalBytes === null
      ? ''
      : share(gpu.memoryUsedBytes, gpu.memoryTotalBytes),
    gpu.celsius === null ? '' : `${gpu.celsius} °C`,
    gpu.watts === null ? '' : `${gpu.watts} W`,
  ];
  return `GPU ${String(gpu.index).padEnd(3)} ${[...facts, gpu.name].filter((fact) => fact !== '').join(', ')}`;
}

function processTable(processes: readonly ProcessUsage[], view: TextView): string {
  const isDetailed = processes.some(({ threads }) => threads !== undefined);
  const header = [
    'PID',
    'ROLE',
    'CPU',
    'MEMORY',
    'AGE',
    ...(isDetailed ? ['STATE', 'THREADS'] : []),
  ];
  const rows = processes.map((each) => [
    String(each.pid),
    each.role,
    percent(each.cpuPercent),
    formatBytes(each.memoryBytes),
    formatDuration(each.ageSeconds),
    ...(isDetailed ? [each.state ?? '-', String(each.threads ?? '-')] : []),
  ]);
  const width = formatTable(header, rows).split('\n')[0]?.length ?? 0;
  const room = Math.max(view.width - width - 4, commandWidthMin);
  return formatTable(
    [...header, 'COMMAND'],
    rows.map((row, index) => [...row, cutTo(processes[index]?.command ?? '', room)]),
  );
}

const percent = (value: number): string => `${value.toFixed(1)} %`;

/** `1.2 GB of 7.6 GB (16 %)` */
function share(usedBytes: number, totalBytes: number): string {
  const part = totalBytes === 0 ? 0 : Math.round((usedBytes / totalBytes) * 100);
  return `${formatBytes(usedBytes)} of ${formatBytes(totalBytes)} (${part} %)`;
}
