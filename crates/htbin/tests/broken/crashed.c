#include <stdio.h>
#include <string.h>

int main(void) {
    char *name = NULL;
    printf("Content-Type: text/plain\r\n\r\n");
    printf("hello, %zu\n", strlen(name));
    return 0;
}
