#include "nn/pretrain_log.h"

#include <fmt/format.h>

#include <fstream>

#include "adapter/curve.h"
#include "base/file.h"
#include "base/json.h"

namespace understudy::nn {

void PretrainLog::Append(const PretrainProgress& progress) const {
  std::ofstream log(lines_, std::ios::app);
  log << fmt::format(R"({{"step":{},"tokens":{},"loss":{:.4f},"rate":{:.4f},"tokens_per_s":{:.0f})",
                     progress.step, progress.tokens, progress.loss, progress.rate,
                     progress.tokens_per_s);
  if (!progress.held_out.empty()) log << fmt::format(R"(,"held_out":"{}")", progress.held_out);
  log << "}\n";
}

Status PretrainLog::Draw() const {
  Curve curve{.name = "train", .points = {}};
  std::ifstream lines(lines_);
  for (std::string line; std::getline(lines, line);) {
    boost::system::error_code broken;
    const json::value row = json::parse(line, broken);
    if (broken || !row.is_object()) continue;
    const json::value *step = row.as_object().if_contains("step"),
                      *loss = row.as_object().if_contains("loss");
    if (step == nullptr || loss == nullptr || !step->is_number() || !loss->is_number()) continue;
    curve.points.push_back({step->to_number<double>(), loss->to_number<double>()});
  }
  return WriteFileAtomically(picture_, CurveSvg({curve}, name_));
}

}  // namespace understudy::nn
