# One static binary that runs as nobody in particular.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=docker
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /bellhop ./cmd/bellhop \
 && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /bellhop /bellhop
COPY --from=build --chown=nonroot:nonroot /data /data
ENV BELLHOP_SERVER_LISTEN=0.0.0.0:8080 BELLHOP_SERVER_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
USER nonroot
ENTRYPOINT ["/bellhop"]
CMD ["serve"]
