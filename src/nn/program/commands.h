// The subcommands of understudy-train.
#pragma once

namespace CLI {
class App;
}

namespace understudy::nn {

int RunTrainProgram(int count, char** arguments);

// Each adds its subcommand; its callback puts the exit code into `code`.
void AddPretrainCommand(CLI::App& app, int& code);
void AddTuneCommand(CLI::App& app, int& code);

}  // namespace understudy::nn
