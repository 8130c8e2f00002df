// What the terminal understands, as plain data: for the completion of shells and the manual page.
import type { Command } from 'commander';

export interface CommandNode {
  /** Words behind the program's name. */
  readonly path: readonly string[];
  readonly description: string;
  readonly places: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly choices: readonly string[];
  }[];
  readonly options: readonly OptionNode[];
  readonly commands: readonly CommandNode[];
}

export interface OptionNode {
  /** With its dashes. */
  readonly name: string;
  /** Name of its value; null: it has none. */
  readonly value: string | null;
  readonly description: string;
  readonly required: boolean;
}

export function treeOf(command: Command, path: readonly string[] = []): CommandNode {
  return {
    path,
    description: command.description(),
    places: command.registeredArguments.map((one) => ({
      name: one.name(),
      required: one.required,
      choices: one.argChoices ?? [],
    })),
    options: command.options.map(({ long, flags, description, mandatory }) => ({
      name: long!,
      value: /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? null,
      description,
      required: mandatory,
    })),
    commands: command.commands.map((one) => treeOf(one, [...path, one.name()])),
  };
}

/** A command and all below it, each before those under it. */
export function allOf(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(allOf)];
}

/** Whether a value or place of this name is a file or folder, or a port of this computer. */
export function isPath(name: string): boolean {
  return /(^|=)(file|dir|folder|csv|export|a|b|port)$/.test(name);
}
