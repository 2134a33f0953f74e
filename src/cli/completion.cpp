// wick completion: scripts for shells, to be sourced. Commands and options are those of the command line itself.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace wick::cli {
namespace {

constexpr const char* kBash = R"sh(_wick() {
  local word=${COMP_WORDS[COMP_CWORD]} command= options= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --endpoint) ((++i)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
@OPTIONS@  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$options --endpoint --json --help" -- "$word")); return ;;
  esac
  case $command in
    "") COMPREPLY=($(compgen -W "@COMMANDS@" -- "$word")) ;;
    deploy) COMPREPLY=($(compgen -f -- "$word")) ;;
    invoke | logs | show | rm)
      case $word in
        @*) COMPREPLY=($(compgen -f -P @ -- "${word#@}")) ;;
        *) COMPREPLY=($(compgen -W "$(wick ls --names 2>/dev/null)" -- "$word")) ;;
      esac ;;
    runtime)
      case ${COMP_WORDS[COMP_CWORD-1]} in
        add) COMPREPLY=($(compgen -d -- "$word")) ;;
        *) COMPREPLY=($(compgen -W "ls add install" -- "$word")) ;;
      esac ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")) ;;
  esac
}
complete -o filenames -F _wick wick
)sh";

constexpr const char* kFish = R"sh(complete -c wick -f
complete -c wick -l json -d "Print JSON"
complete -c wick -l endpoint -x -d "Where Wick is"
complete -c wick -n __fish_use_subcommand -a "@COMMANDS@"
@OPTIONS@complete -c wick -n "__fish_seen_subcommand_from deploy" -F
complete -c wick -n "__fish_seen_subcommand_from invoke logs show rm" -a "(wick ls --names 2>/dev/null)"
complete -c wick -n "__fish_seen_subcommand_from runtime" -a "ls add install"
complete -c wick -n "__fish_seen_subcommand_from completion" -a "bash zsh fish"
)sh";

void replace(std::string& text, std::string_view place, const std::string& value) { text.replace(text.find(place), place.size(), value); }

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (name != "help") names.push_back(name);
    }
  }
  return names;
}

std::string script_for(const std::string& shell, const CLI::App& app) {
  std::vector<std::string> commands;
  std::string options;
  for (const CLI::App* command : app.get_subcommands({})) {
    commands.push_back(command->get_name());
    const auto names = options_of(*command);
    if (names.empty()) continue;
    options += shell == "fish"
                   ? fmt::format("complete -c wick -n \"__fish_seen_subcommand_from {}\" -l {}\n", command->get_name(), fmt::join(names, " -l "))
                   : fmt::format("    {}) options=\"--{}\" ;;\n", command->get_name(), fmt::join(names, " --"));
  }
  std::string script = shell == "fish" ? kFish : kBash;
  replace(script, "@COMMANDS@", fmt::format("{}", fmt::join(commands, " ")));
  replace(script, "@OPTIONS@", options);
  return shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" + script : script;
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  auto* command = app.add_subcommand("completion", "Print a completion script: source <(wick completion bash)");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, &session, shell] {
    session.chosen = [&app, shell](const Api&) -> Result<int> {
      fmt::print("{}", script_for(*shell, app));
      return 0;
    };
  });
}

}  // namespace wick::cli
