// Streams one answer from a Sluice gateway. SLUICE_ADDRESS names the gateway; arguments: [MODEL [PROMPT]].
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	sluicev1 "github.com/sluice-gateway/sluice/gen/sluice/v1"
)

func argument(n int, otherwise string) string {
	if len(os.Args) > n {
		return os.Args[n]
	}
	return otherwise
}

func chat(ctx context.Context) error {
	address := os.Getenv("SLUICE_ADDRESS")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()

	stream, err := sluicev1.NewChatServiceClient(connection).Chat(ctx, &sluicev1.ChatRequest{
		Model: argument(1, "gpt-4.1"),
		Messages: []*sluicev1.Message{{
			Role:    sluicev1.Role_ROLE_USER,
			Content: []*sluicev1.ContentPart{{Part: &sluicev1.ContentPart_Text{Text: argument(2, "Say hello.")}}},
		}},
	})
	if err != nil {
		return err
	}
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			fmt.Println()
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Print(event.GetDelta().GetText())
	}
}

func main() {
	err := chat(context.Background())
	if err == nil {
		return
	}
	failure := status.Convert(err)
	info := &errdetails.ErrorInfo{}
	for _, detail := range failure.Details() {
		if found, ok := detail.(*errdetails.ErrorInfo); ok {
			info = found
		}
	}
	fmt.Fprintf(os.Stderr, "\n%s reason=%s %s\n", failure.Code(), info.GetReason(), failure.Message())
	for key, value := range info.GetMetadata() {
		fmt.Fprintf(os.Stderr, "  %s=%s\n", key, value)
	}
	os.Exit(1)
}
