#include "nn/program/commands.h"

#include <CLI/CLI.hpp>

namespace understudy::nn {

int RunTrainProgram(int count, char** arguments) {
  CLI::App app("Trains small models: the part of understudy that needs libtorch.",
               "understudy-train");
  app.set_version_flag("--version", UNDERSTUDY_VERSION);
  app.require_subcommand(1);
  int code = 0;
  AddTuneCommand(app, code);
  AddPretrainCommand(app, code);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace understudy::nn
