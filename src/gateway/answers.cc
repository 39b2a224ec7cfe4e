#include "chat/error_body.h"
#include "gateway/handlers.h"

namespace understudy {

Task<void> SendJson(Visit& visit, int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", "application/json");
  response.headers.Add("cache-control", "no-store");
  response.body = std::move(body);
  co_await visit.writer.Send(std::move(response));
}

Task<void> SendError(Visit& visit, const Error& error) {
  std::string body = ErrorBody(error);
  co_await SendJson(visit, HttpStatus(error), std::move(body));
}

Task<void> SendWhatCame(Visit& visit, const Status& came, std::string body) {
  if (came) {
    co_await SendJson(visit, 200, std::move(body));
  } else {
    co_await SendError(visit, came.error());
  }
}

}  // namespace understudy
